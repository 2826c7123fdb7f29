// Package webpage writes the outcome of a run as one HTML page, which asks nothing of
// the network.
//
// The page has two layers. The verdict, the charts, what to do, and the first images that
// did not pass are plain HTML, which the templates in the folder page make: a reader sees
// them where no scripts run, and in print. The table of all images is data, from which the
// scripts in the folder page make the rows in sight. An image takes some 40 bytes of the
// page, because the data are columns, compressed.
//
// Nobody has to trust tags, messages and names. The templates escape them, the scripts
// pass them to the browser only as text, and a Content-Security-Policy lets the browser
// run no other script than the page's own.
//
// Package webpage knows no flags. What a reader can do comes in as Options.
package webpage
