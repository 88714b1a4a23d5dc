class Customer < ApplicationRecord
  def wants_mail?
    newsletter
  end
end
