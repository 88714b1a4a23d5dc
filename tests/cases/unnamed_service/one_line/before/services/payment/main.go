package main

var seconds = 5
