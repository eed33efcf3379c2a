"""One-hot."""
import streamlit as st
TITLE="One-hot"
SUMMARY="What MNIST is."
def show(): st.slider("x",0,10,key="x")
