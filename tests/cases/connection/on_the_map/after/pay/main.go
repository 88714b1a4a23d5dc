package main

func fee() int { return 1 }
