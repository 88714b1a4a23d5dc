package main

const Most = 5
