package main

var seconds = 9
