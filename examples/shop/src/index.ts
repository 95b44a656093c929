export { PAGE_PROJECT, SHOP_RELEASE, pageHosts, startShop, type Shop, type ShopOptions } from './server.js';
export type { Fault } from './faults.js';
