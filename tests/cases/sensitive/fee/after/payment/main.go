package main

const Fee = 3
