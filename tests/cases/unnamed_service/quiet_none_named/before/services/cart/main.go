package main

var limit = 3
