package main

func done(ctx context.Context, conn *grpc.ClientConn, id string) error {
	_, err := pb.NewCartServiceClient(conn).EmptyCart(ctx, &pb.Cart{Id: id})
	return err
}
