import express, { Router } from 'express';

interface Product {
  readonly id: string;
  readonly name: string;
  readonly cents: number;
}

const PRODUCTS: readonly Product[] = [
  { id: 'lantern', name: 'Storm lantern', cents: 3400 },
  { id: 'whistle', name: 'Brass whistle', cents: 900 },
  { id: 'flag', name: 'Signal flag', cents: 1700 },
  { id: 'bell', name: "Ship's bell", cents: 5200 },
];

export interface ApiOptions {
  /** Share of answers that are a 503, 0 to 1: the everyday noise that any real service has. */
  readonly errorShare: number;
  readonly random: () => number;
}

/** The shop's API: products, one product, an order. */
export function createApi({ errorShare, random }: ApiOptions): Router {
  const api = Router();
  api.use((_request, response, next) => {
    if (random() < errorShare) response.status(503).json({ error: 'busy' });
    else next();
  });
  api.get('/products', (_request, response) => {
    response.json(PRODUCTS);
  });
  api.get('/products/:id', (request, response) => {
    const product = PRODUCTS.find(({ id }) => id === request.params.id);
    if (product) response.json(product);
    else response.status(404).json({ error: 'no such product' });
  });
  api.post('/orders', express.json({ limit: '2kb' }), (_request, response) => {
    response.status(201).json({ accepted: true });
  });
  return api;
}
