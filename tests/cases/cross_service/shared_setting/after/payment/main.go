package main

const Fee = 2
