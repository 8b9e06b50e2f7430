package braintree

// The operations, as specs/braintree/schema.graphql has them.
const (
	knownFields = `
fragment Known on Dispute {
  id
  legacyId
  type
  status
  createdAt
  receivedDate
  replyByDate
  preDisputeProgram
  amountDisputed { value currencyCode }
  amountWon { value currencyCode }
  processorResponse { reason reasonCode }
  statusHistory { status timestamp effectiveDate disbursementDate }
  evidence { id }
  transaction { legacyId paymentMethodSnapshot { ...Brand } }
}
fragment Brand on PaymentMethodSnapshot {
  __typename
  ... on CreditCardDetails { brandCode }
  ... on CreditCardTransactionDetails { creditCard { brandCode } }
}`

	checkQuery = `query Check($input: DisputeSearchInput!, $probe: ID!) {
  search { disputes(input: $input, first: 1) { edges { node { id legacyId } } } }
  idFromLegacyId(legacyId: $probe, type: DISPUTE)
}`

	disputeQuery = `query Dispute($id: ID!) {
  node(id: $id) { __typename ...Known }
}` + knownFields

	searchQuery = `query Disputes($input: DisputeSearchInput!, $first: Int, $after: String) {
  search {
    disputes(input: $input, first: $first, after: $after) {
      edges { node { ...Known } }
      pageInfo { hasNextPage endCursor }
    }
  }
}` + knownFields

	paymentQuery = `query Payment($id: ID!) {
  node(id: $id) {
    __typename
    ... on Transaction {
      legacyId
      createdAt
      orderId
      amount { value currencyCode }
      customFields { name value }
      customer { legacyId email firstName lastName }
      refunds { status amount { value currencyCode } }
      paymentMethodSnapshot { __typename ... on PayPalTransactionDetails { payer { email firstName lastName } } }
    }
  }
}`

	referenceQuery = `query Reference($id: ID!) {
  node(id: $id) {
    __typename
    ... on Transaction { paymentMethodSnapshot { __typename ... on CreditCardTransactionDetails { acquirerReferenceNumber } } }
  }
}`

	evidenceQuery = `query Evidence($id: ID!) {
  node(id: $id) {
    __typename
    ... on Dispute { evidence { __typename id category createdAt ... on DisputeTextEvidence { content } } }
  }
}`

	textMutation = `mutation AddText($input: CreateDisputeTextEvidenceInput!) {
  createDisputeTextEvidence(input: $input) { clientMutationId evidence { id } }
}`

	fileMutation = `mutation AddFile($input: CreateDisputeFileEvidenceInput!) {
  createDisputeFileEvidence(input: $input) { clientMutationId evidence { id } }
}`

	finalizeMutation = `mutation Finalize($input: FinalizeDisputeInput!) {
  finalizeDispute(input: $input) { clientMutationId dispute { id legacyId status } }
}`

	acceptMutation = `mutation Accept($input: AcceptDisputeInput!) {
  acceptDispute(input: $input) { clientMutationId dispute { id legacyId status } }
}`
)
