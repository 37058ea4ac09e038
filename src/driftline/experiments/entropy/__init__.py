"""The study of entropy: is a model's natural imperfection exploration enough, and at what cost?"""
