"""What the project claims of speed and memory, measured against a stated rival in one go."""
