"""Speed, side by side with others, and what checks say of slips; nothing here is asserted."""
