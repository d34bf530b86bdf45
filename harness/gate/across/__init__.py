"""The stages across versions: releases change while people work, and what they had stays whole."""
