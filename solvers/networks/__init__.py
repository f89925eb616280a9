"""Networks on real data: training from a plan, what layers do to the classes, heads regularised like the DUFM.

Everything here is NumPy in float64 and repeats from its seed; backbones that need PyTorch are in modules `torch_*`.
"""
