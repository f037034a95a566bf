"""Between samples and models: quantisers, frames, spectra, mel bands, upsampling."""
