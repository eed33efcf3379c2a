"""Training. The only package that imports TensorFlow and Keras, and only in the worker."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # else TensorFlow logs a page of its own when it is imported
