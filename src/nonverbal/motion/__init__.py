"""Landmarks into motion: ARKit coefficients, head pose, gaze, and body rotations."""
