"""Programs that are judged by what they print."""
