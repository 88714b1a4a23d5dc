package main

const Most = 4
