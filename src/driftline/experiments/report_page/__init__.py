"""The report as one HTML page: what it says, how it looks and its replay player."""
