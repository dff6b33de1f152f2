"""Where the frames of runs are kept for those who follow them: here, and with Redis for every replica."""
