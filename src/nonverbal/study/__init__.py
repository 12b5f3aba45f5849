"""Perceptual studies: blind side-by-side ratings in the browser, and the analysis that goes into a paper."""
