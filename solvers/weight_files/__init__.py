"""Files of weights that other programs wrote: PyTorch, safetensors, NumPy. Nothing in them is run."""
