"""Reference implementations for the course Audio Generation, from Autoregression to Diffusion."""
