"""Values in, values out: digits, networks, training, insight. Nothing in here imports Streamlit."""
