package world

import (
	"fmt"
	"strings"
	"time"
)

var firstNames = []string{"Ada", "Bruno", "Carla", "Dmitri", "Elif", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Kaya", "Liam"}

var lastNames = []string{"Okafor", "Lindqvist", "Moreau", "Tanaka", "Rossi", "Novak", "Silva", "Hansen"}

var catalogue = []Line{
	{SKU: "CHAIR-OAK", Title: "Oak desk chair", Price: 12900},
	{SKU: "LAMP-ARC", Title: "Arc floor lamp", Price: 8900},
	{SKU: "KETTLE-GN", Title: "Gooseneck kettle", Price: 6450},
	{SKU: "COAT-WOOL", Title: "Wool coat, navy, M", Price: 24900},
	{SKU: "BEANS-1KG", Title: "Coffee beans, 1 kg", Price: 2350},
}

func messages(number int, paid time.Time, day time.Duration) []Message {
	return []Message{
		{
			ID: fmt.Sprint(40000 + number*10), Subject: fmt.Sprintf("Where is my order #%d?", number),
			Text: fmt.Sprintf("Hello, I ordered #%d and would like to know when it arrives.", number),
			At:   paid.Add(2 * day), FromCustomer: true,
		},
		{
			ID: fmt.Sprint(40001 + number*10), Subject: fmt.Sprintf("Re: Where is my order #%d?", number),
			Text: "It left our warehouse yesterday; the carrier expects to deliver within three days.",
			At:   paid.Add(2*day + day/4),
		},
		{
			ID: fmt.Sprint(40002 + number*10), Subject: fmt.Sprintf("Re: Re: Where is my order #%d?", number),
			Text: "It came today, thank you. Looks great!",
			At:   paid.Add(5 * day), FromCustomer: true,
		},
	}
}

func lower(s string) string { return strings.ToLower(s) }
