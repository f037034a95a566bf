"""Reference implementations for the course Audio Generation, from Autoregression to Diffusion.

What is where, from the ground up: `core` (protocols, checks, likelihoods, files), `kernels`
(compiled loops), `audio` (clips, reading and writing), `features` (spectra, mel, quantisers),
`corpora` (the recordings), `text` (numbers and dates in words), `training` (the loop), `models`
(families: linear, states, waveform, sequence, diffusion), `applications` (a voice, mended gaps,
lossless files), `evaluation` (scores, and ears that judge), `zoo` (trained networks and their
recipes), `teaching` (players, plots, claims, exercises), `benchmarks` (tables of ratios),
`editions` (pages and learners' copies of the notebooks), `cli` (the command `course`).
"""
