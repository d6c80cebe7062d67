"""What an instructor does with returned notebooks: mark them, give marks and feedback back."""
