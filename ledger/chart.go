package ledger

import "slices"

// The accounts.
const (
	PSPClearing        Account = "psp_clearing"
	DisputedFunds      Account = "disputed_funds"
	DisputeAllowance   Account = "dispute_allowance"
	ChargebackLoss     Account = "chargeback_loss"
	FraudLoss          Account = "fraud_loss"
	ChargebackRecovery Account = "chargeback_recovery"
	Refunds            Account = "refunds"
	DisputeFees        Account = "dispute_fees"
	AlertFees          Account = "alert_fees"
	NetworkPenalties   Account = "network_penalties"
	FXGainLoss         Account = "fx_gain_loss"
	SalesTaxPayable    Account = "sales_tax_payable"
	DueFromSeller      Account = "due_from_seller"
	AccruedPSP         Account = "accrued_psp"
	PSPReserve         Account = "psp_reserve"
	Bank               Account = "bank"
	Inventory          Account = "inventory"
	COGS               Account = "cogs"
	DisputeSuspense    Account = "dispute_suspense"
)

// AccountType is the place of an account in the financial statements.
type AccountType string

// The account types.
const (
	TypeAsset         AccountType = "asset"
	TypeContraAsset   AccountType = "contra_asset"
	TypeLiability     AccountType = "liability"
	TypeContraRevenue AccountType = "contra_revenue"
	TypeExpense       AccountType = "expense"
	TypeContraLoss    AccountType = "contra_loss" // takes back from a loss
	TypeOther         AccountType = "other"       // other income or expense
)

// root is the top-level account under which plain-text books file the type.
func (t AccountType) root() string {
	switch t {
	case TypeAsset, TypeContraAsset:
		return "Assets"
	case TypeLiability:
		return "Liabilities"
	case TypeExpense:
		return "Expenses"
	case TypeContraRevenue, TypeContraLoss, TypeOther:
		return "Income"
	}
	return "Equity"
}

// AccountInfo describes one account of the chart.
type AccountInfo struct {
	Key  Account     `json:"key"`
	Name string      `json:"name"`
	Type AccountType `json:"type"`
	// Normal is the side on which the balance normally stands; empty when
	// either is normal.
	Normal Side `json:"normal,omitempty"`
	// PerConnection says that every connection has its own such account.
	PerConnection bool `json:"per_connection,omitempty"`
	// Use is one line on what is posted here.
	Use string `json:"use"`
}

// The two loss accounts follow the usual reading: a customer with a claim makes
// it a reduction of revenue, pure fraud makes it an expense. A merchant's
// accountant may map either account elsewhere.
var chart = []AccountInfo{
	{PSPClearing, "Processor clearing", TypeAsset, Debit, true, "the provider's balance; payouts move it to the bank"},
	{DisputedFunds, "Disputed funds", TypeAsset, Debit, false, "money withdrawn, outcome open"},
	{DisputeAllowance, "Allowance for disputed funds", TypeContraAsset, Credit, false, "expected loss on open disputes"},
	{ChargebackLoss, "Chargebacks", TypeContraRevenue, Debit, false, "principal lost"},
	{FraudLoss, "Fraud chargebacks", TypeExpense, Debit, false, "principal lost to fraud"},
	{ChargebackRecovery, "Chargeback recoveries", TypeContraLoss, Credit, false, "money back after a write-off"},
	{Refunds, "Refunds and allowances", TypeContraRevenue, Debit, false, "the merchant's refunds and the networks' automatic ones"},
	{DisputeFees, "Dispute fees", TypeExpense, Debit, false, "received, countered and compliance fees"},
	{AlertFees, "Alert and prevention fees", TypeExpense, Debit, false, "alerts and pre-dispute products"},
	{NetworkPenalties, "Monitoring programme fees", TypeExpense, Debit, false, "fines of the networks' monitoring programmes"},
	{FXGainLoss, "Exchange gain or loss", TypeOther, "", false, "realised exchange differences"},
	{SalesTaxPayable, "Sales tax payable", TypeLiability, Credit, false, "only where law allows relief"},
	{DueFromSeller, "Due from connected account", TypeAsset, Debit, false, "marketplaces: what sellers owe the platform"},
	{AccruedPSP, "Accrued processor fees", TypeLiability, Credit, true, "fees invoiced monthly instead of netted"},
	{PSPReserve, "Processor reserve", TypeAsset, Debit, true, "rolling or fixed reserve held by the provider"},
	{Bank, "Bank", TypeAsset, Debit, false, "the merchant's bank account"},
	{Inventory, "Inventory", TypeAsset, Debit, false, "goods returned in saleable state"},
	{COGS, "Cost of goods sold", TypeExpense, Debit, false, "the cost of goods that did not come back"},
	{DisputeSuspense, "Dispute suspense", TypeAsset, "", false, "movements nobody could classify yet: should be zero"},
}

// Chart is the chart of accounts, in the order of a trial balance. The slice is
// the caller's.
func Chart() []AccountInfo { return slices.Clone(chart) }

func accountInfo(key Account) (AccountInfo, bool) {
	i := accountOrder(key)
	if i < 0 {
		return AccountInfo{}, false
	}
	return chart[i], true
}

func accountOrder(key Account) int {
	return slices.IndexFunc(chart, func(a AccountInfo) bool { return a.Key == key })
}
