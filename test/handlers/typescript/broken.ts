export const handler = async (): Promise<number> => { return 1 
