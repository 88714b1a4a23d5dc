package main

const Most = 3
