// Compiled once per instruction set.
