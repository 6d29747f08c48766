export const price = 42;
