"""The rules of the house that imports alone cannot tell, each as a test."""
