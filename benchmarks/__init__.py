"""Speed, side by side with what users would pick instead; nothing here is asserted."""
