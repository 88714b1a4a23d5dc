package main

var limit = 4
