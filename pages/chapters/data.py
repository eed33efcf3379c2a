"""The data."""
import streamlit as st
TITLE="The data"
SUMMARY="What MNIST is."
def show(): st.slider("x",0,10,key="x")
