"""How a network learns. The only wing that imports TensorFlow and Keras, and only in the worker."""
