"""What practitioners, patients and colleagues do in the clinic."""
