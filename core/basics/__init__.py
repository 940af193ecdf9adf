"""What everything else stands on: errors for people, files that appear whole, foreign text, the names of things."""
