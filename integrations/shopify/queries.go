package shopify

// The sizes of lists. A query's cost grows with them, and a store on the
// smallest plan has few points to spend.
const (
	maxLinePages = 10 // of 25 lines
	maxNamed     = 5  // orders looked at for a name
)

const checkQuery = `query Check {
  shop { id }
  orders(first: 1) { nodes { id } }
}`

const namedQuery = `query OrderNamed($query: String!, $first: Int!) {
  orders(first: $first, query: $query) { nodes { id name } }
}`

const lineFields = `
fragment Lines on LineItemConnection {
  nodes { name sku quantity originalUnitPriceSet { ...Bag } }
  pageInfo { hasNextPage endCursor }
}
fragment Bag on MoneyBag { presentmentMoney { amount currencyCode } }`

const linesQuery = `query OrderLines($id: ID!, $after: String) {
  order(id: $id) { lineItems(first: 25, after: $after) { ...Lines } }
}` + lineFields

const orderQuery = `query Order($id: ID!) {
  order(id: $id) {
    id legacyResourceId name createdAt cancelledAt cancelReason clientIp email
    totalPriceSet { ...Bag }
    totalRefundedSet { ...Bag }
    billingAddress { ...Address }
    shippingAddress { ...Address }
    customer {
      id firstName lastName createdAt numberOfOrders
      defaultEmailAddress { emailAddress }
      defaultPhoneNumber { phoneNumber }
    }
    lineItems(first: 25) { ...Lines }
    fulfillments(first: 10) {
      id name createdAt deliveredAt status displayStatus
      trackingInfo(first: 5) { company number url }
      events(first: 20, sortKey: HAPPENED_AT) { nodes { happenedAt status message city province } }
    }
    refunds(first: 10) {
      id legacyResourceId createdAt processedAt
      totalRefundedSet { ...Bag }
      transactions(first: 5) { nodes { status } }
    }
  }
}
fragment Address on MailingAddress { name address1 address2 city provinceCode zip countryCodeV2 }` + lineFields
