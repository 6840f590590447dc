"""Files of weights, read and written without the framework that they belong to."""
