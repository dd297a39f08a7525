console.log("done 0");
