"""What learns: a network as data, the recipe that trains it, the model that comes out."""
