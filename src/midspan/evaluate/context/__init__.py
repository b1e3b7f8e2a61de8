"""Long texts that stand before a question: code from disk, what was retrieved from other files."""
