"""What runs inside the sandbox to grade an answer in Python. It imports nothing of Midspan but itself."""
